import { report } from '@/data/problems.ts'
import {
  passwordIssue,
  plainPasswordIssue,
  type PasswordIssue,
} from '@/domain/account/password-rules.ts'

/** Reasons to refuse a new password; texts at `account.password.issue.…`. */
export type ChangeIssue = PasswordIssue | 'same' | 'mismatch'

export function fieldIssues(change: { current: string; next: string; confirm: string }): {
  next: 'same' | null
  confirm: 'mismatch' | null
} {
  return {
    next: change.next !== '' && change.next === change.current ? 'same' : null,
    confirm: change.next === change.confirm ? null : 'mismatch',
  }
}

/**
 * Applies the password rule. Without its dictionaries only plain checks run: the server has them
 * too.
 */
export async function ruleIssue(password: string, email: string): Promise<PasswordIssue | null> {
  try {
    return await passwordIssue(password, email)
  } catch (error) {
    report('password', error)
    return plainPasswordIssue(password, email)
  }
}
