/** HTML that our server made from a lesson, in which all that is not its own markup is escaped. */
export function Html({ of, as: Tag = 'div' }: { readonly of: string; readonly as?: 'div' | 'span' }) {
  return <Tag dangerouslySetInnerHTML={{ __html: of }} />
}
