/** A diagnosis, or any other sentence of ours: text between backticks is code. */
export function Sentence({ text }: { readonly text: string }) {
  const hasOddOne = text.split('`').length % 2 === 0 // in a message that it quotes
  const parts = hasOddOne ? [text] : text.split(/`([^`\n]+)`/)
  return <>{parts.map((part, index) => (index % 2 === 0 ? part : <code key={index}>{part}</code>))}</>
}
