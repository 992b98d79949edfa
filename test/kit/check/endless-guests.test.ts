import { checkGuests } from './check-guests.ts'
import { ENDLESS_GUESTS } from './endless-guests.ts'

// In a file of its own, because these mostly wait: the other guests are checked meanwhile.
checkGuests(ENDLESS_GUESTS)
