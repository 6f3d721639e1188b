/** What Wangge asks of a password: length, as `npm run user` and the server do. */
export const minPasswordLength = 8

export type PasswordIssue = 'short' | 'same' | 'mismatch'

/** What is wrong with a change of password before the server is asked; empty when nothing is. */
export function passwordIssues(change: {
  current: string
  next: string
  confirm: string
}): PasswordIssue[] {
  const issues: PasswordIssue[] = []
  if ([...change.next].length < minPasswordLength) issues.push('short')
  if (change.next !== '' && change.next === change.current) issues.push('same')
  if (change.next !== change.confirm) issues.push('mismatch')
  return issues
}
