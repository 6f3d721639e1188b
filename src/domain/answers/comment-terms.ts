export interface CommentTermsOptions {
  texts: string[]
  /** Whether the resident was unhappy, by text. */
  isSorry: boolean[]
  /** Fewest texts of a group that hold a word. */
  least: number
}

export interface CommentTerm {
  term: string
  /** Texts of the group that hold it. */
  count: number
  /** Their places in the options. */
  texts: number[]
}

/** Each the most telling first. */
export interface CommentTerms {
  sorry: CommentTerm[]
  glad: CommentTerm[]
}
