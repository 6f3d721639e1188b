/** Code points. */
export const minPasswordCharacters = 10
/** In UTF-8. bcrypt ignores later bytes, so a longer password is refused. */
export const maxPasswordBytes = 72
/** By zxcvbn. Fewer guesses count as common. */
const minGuesses = 1e8
const productNames = ['wangge', '\u7f51\u683c']
/** Shorter parts are in too many words. */
const minPartCharacters = 3

/** Texts at `account.password.issue.…`. */
export type PasswordIssue = 'short' | 'long' | 'email' | 'common'

/** Checks without dictionaries. */
export function plainPasswordIssue(password: string, email: string): PasswordIssue | null {
  if ([...password].length < minPasswordCharacters) return 'short'
  if (new TextEncoder().encode(password).byteLength > maxPasswordBytes) return 'long'
  return isMadeOf(password, emailParts(email)) ? 'email' : null
}

/**
 * Page, door and commands all use this rule.
 * @param email empty for an account without one
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

/** Longest first. */
function emailParts(email: string): string[] {
  const whole = email.trim().toLowerCase()
  const parts = [whole, ...whole.split('@'), ...whole.split(/[^\p{L}\p{N}]+/u)]
  return [...new Set(parts)]
    .filter((part) => [...part].length >= minPartCharacters)
    .toSorted((a, b) => b.length - a.length)
}

/** True when fewer than 7 letters or digits remain without the parts. */
function isMadeOf(password: string, parts: readonly string[]): boolean {
  const whole = password.toLowerCase()
  let rest = whole
  for (const part of parts) rest = rest.replaceAll(part, '')
  if (rest.length === whole.length) return false
  return [...rest.replace(/[^\p{L}\p{N}]/gu, '')].length < minPasswordCharacters - 3
}

/** Loads 450 kB on first use. */
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
  // the next check tries again
  loading.catch(() => (loading = null))
  return loading
}
