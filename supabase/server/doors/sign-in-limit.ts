import type { Peer } from '../wire/addresses.ts'
import { RateLimit } from '../wire/rate-limit.ts'

/**
 * Wrong passwords: from an address thirty, from there for one account ten, for an account from
 * everywhere a hundred; then one per half minute or minute.
 */
const perAddress = { burst: 30, perSecond: 1 / 30 }
/** Everybody behind a proxy that `TRUSTED_PROXY` does not name shares one address. */
const perProxy = { burst: 600, perSecond: 1 }
const perAccountThere = { burst: 10, perSecond: 1 / 60 }
const perAccount = { burst: 100, perSecond: 1 / 30 }

/**
 * How often passwords may be tried. Taken before the password is looked at, so that guesses sent all
 * at once count too. What one address tries in vain is its own loss: as soon as it must wait, it
 * takes nothing more from the account, or anybody could keep the account's owner out for good.
 */
export class SignInLimit {
  #addresses: RateLimit
  #proxies: RateLimit
  #accountsThere: RateLimit
  #accounts: RateLimit

  constructor(now: () => number = Date.now) {
    this.#addresses = new RateLimit(perAddress.burst, perAddress.perSecond, now)
    this.#proxies = new RateLimit(perProxy.burst, perProxy.perSecond, now)
    this.#accountsThere = new RateLimit(perAccountThere.burst, perAccountThere.perSecond, now)
    this.#accounts = new RateLimit(perAccount.burst, perAccount.perSecond, now)
  }

  /** Counts one try. Returns 0, or the whole seconds to wait. */
  take(account: string, { address, sharesAddress }: Peer): number {
    const addresses = sharesAddress ? this.#proxies : this.#addresses
    return (
      addresses.take(address) ||
      this.#accountsThere.take(`${address} ${account}`) ||
      this.#accounts.take(account)
    )
  }

  /** Takes one try back: the password was right. */
  refund(account: string, { address, sharesAddress }: Peer): void {
    const addresses = sharesAddress ? this.#proxies : this.#addresses
    addresses.refund(address)
    this.#accountsThere.refund(`${address} ${account}`)
    this.#accounts.refund(account)
  }
}
