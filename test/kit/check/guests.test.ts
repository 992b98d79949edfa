import { checkGuests } from './check-guests.ts'
import { GUESTS } from './guests.ts'

checkGuests(GUESTS)
