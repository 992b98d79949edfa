import { render } from 'preact'
import { mountIslands } from './islands.tsx'
import { focusableScrollers } from './scrollers.ts'
import { Desk } from './workbench/desk.tsx'
import { Snippet } from './workbench/snippet.tsx'

mountIslands({ snippet: Snippet })
focusableScrollers()

const bench = document.getElementById('bench')
const { slug = '', nonce = '' } = bench?.dataset ?? {}
if (bench !== null) render(<Desk slug={slug} nonce={nonce} />, bench)
void fetch(`/lessons/${slug}/read`, { method: 'POST' }).catch(() => {})
