import type { Peer } from '../wire/addresses.ts'
import { RateLimit } from '../wire/rate-limit.ts'

/**
 * Wrong passwords: 30 per address, 10 per address and account, 100 per account; then one per half
 * minute or minute.
 */
const perAddress = { burst: 30, perSecond: 1 / 30 }
/** Everybody behind an unnamed proxy shares an address. */
const perProxy = { burst: 600, perSecond: 1 }
const perAccountThere = { burst: 10, perSecond: 1 / 60 }
const perAccount = { burst: 100, perSecond: 1 / 30 }

/**
 * Counts before the password is compared, so that simultaneous guesses count. An address that must
 * wait takes nothing from the account: nobody can lock its owner out.
 */
export class SignInLimit {
  #addresses: RateLimit
  #proxies: RateLimit
  #accountsThere: RateLimit
  #accounts: RateLimit

  constructor(now = (): number => Date.now()) {
    this.#addresses = new RateLimit(perAddress.burst, perAddress.perSecond, now)
    this.#proxies = new RateLimit(perProxy.burst, perProxy.perSecond, now)
    this.#accountsThere = new RateLimit(perAccountThere.burst, perAccountThere.perSecond, now)
    this.#accounts = new RateLimit(perAccount.burst, perAccount.perSecond, now)
  }

  /** Returns 0, or whole seconds to wait. */
  take(account: string, { address, sharesAddress }: Peer): number {
    const addresses = sharesAddress ? this.#proxies : this.#addresses
    return (
      addresses.take(address) ||
      this.#accountsThere.take(`${address} ${account}`) ||
      this.#accounts.take(account)
    )
  }

  /** The password was right. */
  refund(account: string, { address, sharesAddress }: Peer): void {
    const addresses = sharesAddress ? this.#proxies : this.#addresses
    addresses.refund(address)
    this.#accountsThere.refund(`${address} ${account}`)
    this.#accounts.refund(account)
  }
}
