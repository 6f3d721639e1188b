/** Characters (code points). */
export const minPasswordCharacters = 10
/** Bytes in UTF-8. bcrypt ignores the bytes after these, so a longer password is refused. */
export const maxPasswordBytes = 72
/** Guesses an attacker needs, by zxcvbn. Below this a password counts as common. */
const minGuesses = 1e8
/** The product's names, Latin and Chinese: no secret here. */
const productNames = ['wangge', '\u7f51\u683c']
/** Parts of an address shorter than this are in too many words to mean anything. */
const minPartCharacters = 3

/** Why a password is refused; texts at `account.password.issue.…`. */
export type PasswordIssue = 'short' | 'long' | 'email' | 'common'

/** What can be said of a password without the dictionaries; null when nothing is wrong so far. */
export function plainPasswordIssue(password: string, email: string): PasswordIssue | null {
  if ([...password].length < minPasswordCharacters) return 'short'
  if (new TextEncoder().encode(password).byteLength > maxPasswordBytes) return 'long'
  return isMadeOf(password, emailParts(email)) ? 'email' : null
}

/**
 * The one rule for new passwords, asked by the page, the door and the commands.
 *
 * @param email address of the account; '' when it has none
 * @returns the first reason to refuse the password, or null
 */
export async function passwordIssue(
  password: string,
  email: string,
): Promise<PasswordIssue | null> {
  const plain = plainPasswordIssue(password, email)
  if (plain) return plain
  const { guesses } = (await estimator()).check(password, [...emailParts(email), ...productNames])
  return guesses < minGuesses ? 'common' : null
}

/** The address, its two halves and the words in them, longest first. */
function emailParts(email: string): string[] {
  const whole = email.trim().toLowerCase()
  const parts = [whole, ...whole.split('@'), ...whole.split(/[^\p{L}\p{N}]+/u)]
  return [...new Set(parts)]
    .filter((part) => [...part].length >= minPartCharacters)
    .toSorted((a, b) => b.length - a.length)
}

/** True when fewer characters than a password needs are left without the parts. */
function isMadeOf(password: string, parts: readonly string[]): boolean {
  const whole = password.toLowerCase()
  let rest = whole
  for (const part of parts) rest = rest.replaceAll(part, '')
  if (rest.length === whole.length) return false
  return [...rest.replace(/[^\p{L}\p{N}]/gu, '')].length < minPasswordCharacters - 3
}

/** Loads zxcvbn and its list of common passwords on first use: together some 450 kB. */
async function loadEstimator() {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
}

let loading: ReturnType<typeof loadEstimator> | null = null

function estimator(): ReturnType<typeof loadEstimator> {
  loading ??= loadEstimator()
  // a failed load is tried again by the next check
  loading.catch(() => (loading = null))
  return loading
}
