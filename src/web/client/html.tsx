/** HTML that our server made from a lesson, in which everything but its own markup is escaped. */
export function Html({ of, as: Tag = 'div' }: { readonly of: string; readonly as?: 'div' | 'span' }) {
  return <Tag dangerouslySetInnerHTML={{ __html: of }} />
}
