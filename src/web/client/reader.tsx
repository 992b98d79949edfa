import { mountIslands } from './islands.tsx'
import { focusableScrollers } from './scrollers.ts'

mountIslands()
focusableScrollers()

const slug = document.querySelector<HTMLElement>('main[data-slug]')?.dataset.slug
if (slug !== undefined) void fetch(`/lessons/${slug}/read`, { method: 'POST' }).catch(() => {})
