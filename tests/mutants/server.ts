import { breaksOf } from './mutant.ts'

const at = (name: string): string => `supabase/server/${name}.ts`
const test = (name: string): string => `supabase/server/${name}.test.ts`
const parts = (name: string): string[] => [`${test('doors/door-parts')} -t ${name}`]
const api = [test('doors/api')]
const account = (name: string): string[] => [`${test('doors/own-account')} -t embedded.*${name}`]
const photoServer = (name: string): string[] => [`${test('photos/photo-api')} -t ${name}`]
const server = (name: string): string[] => [`${test('start/server')} -t ${name}`]
const photoLimits = [test('photos/photo-limits')]

const queue = breaksOf(
  at('wire/fair-queue'),
  [test('wire/fair-queue')],
  [
    {
      name: 'one person may have all places',
      find: ' || line.underWay >= this.#options.maxPerPerson',
      replace: '',
    },
    {
      name: 'the place goes to who used the most time',
      find: 'line.virtualMs < next.virtualMs',
      replace: 'line.virtualMs > next.virtualMs',
    },
    {
      name: 'the place goes to who came first',
      find: 'if (next === null || line.virtualMs < next.virtualMs) next = line',
      replace: 'if (next === null) next = line',
    },
    {
      name: 'turns by calls, not by time',
      find: 'line.virtualMs += tookMs - this.#meanMs',
      replace: 'line.virtualMs += 0',
    },
    {
      name: 'no early refusal of a long wait',
      find: 'if (!isFull && waitMs <= this.#options.maxWaitMs) return null',
      replace: 'if (!isFull) return null',
    },
    {
      name: 'a line without end',
      find: 'line.waiting.length >= this.#options.maxWaitingPerPerson',
      replace: 'line.waiting.length < 0',
    },
    {
      name: 'a person with a place free is refused',
      find: 'if (ahead < this.#options.maxPerPerson) return null',
      replace: '',
    },
    {
      name: 'idle time is saved up',
      find: 'next.virtualMs = Math.max(next.virtualMs, this.#virtualMs)',
      replace: 'next.virtualMs += 0',
    },
    {
      name: 'who leaves the line is forgiven all',
      find: 'else if (line.virtualMs <= this.#virtualMs) this.#persons.delete(person)',
      replace: 'else this.#persons.delete(person)',
    },
    {
      name: 'a call whose client has gone stays in line',
      find: 'line.waiting.splice(place, 1)',
      replace: 'line.waiting.splice(place, 0)',
    },
    {
      name: 'more calls under way than places',
      find: 'while (this.#underWay < this.#options.maxUnderWay) {',
      replace: 'while (this.#underWay <= this.#options.maxUnderWay) {',
    },
    {
      name: 'a call that fails keeps its place',
      find: '    } finally {\n      this.#settle(',
      replace:
        '    } catch (error) {\n      throw error\n    } finally {\n      if (this.#now() < 0) this.#settle(',
    },
    {
      name: 'the oldest wait is not told',
      find: 'longestWaitMs: waiting === 0 ? 0 : this.#now() - oldest,',
      replace: 'longestWaitMs: 0,',
    },
  ],
)

const wire = [
  ...breaksOf(at('wire/problem'), api, [
    {
      name: 'refusals may be kept by caches',
      find: `      'cache-control': 'no-store',\n`,
      replace: '',
    },
    {
      name: '429 without Retry-After',
      find: `'retry-after': String(seconds),`,
      replace: '',
    },
  ]),
  ...breaksOf(at('wire/rate-limit'), parts('RateLimit'), [
    {
      name: 'a limit that never counts',
      find: 'bucket.tokens -= tokens',
      replace: 'bucket.tokens -= 0',
    },
    {
      name: 'a limit that fills at once',
      find: '((now - bucket.at) / 1000) * this.#perSecond',
      replace: '(now - bucket.at) * this.#perSecond',
    },
    {
      name: 'a bucket holds more than its burst',
      find: 'bucket.tokens = Math.min(this.#capacity, refilled)',
      replace: 'bucket.tokens = refilled',
    },
    {
      name: 'keys are never forgotten',
      find: 'if (this.#buckets.size > 10_000) this.#forgetFull(now)',
      replace: '',
    },
  ]),
  ...breaksOf(
    at('wire/body'),
    [test('wire/body')],
    [
      {
        name: 'a chunked body may be of any length',
        find: '(!next.done && size + next.value.byteLength > maxBytes)',
        replace: 'false',
        tests: [`${test('wire/body')} -t chunks`],
      },
      {
        name: 'a body of any stated length is read',
        find: `if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return 'too large'`,
        replace: '',
      },
      {
        name: 'a slow body is waited for',
        find: 'const leftMs = Math.min(deadline - performance.now(), stalledMs ?? Number.POSITIVE_INFINITY)',
        replace: 'const leftMs = Number.POSITIVE_INFINITY',
        timesOut: true,
      },
      {
        name: 'each byte gives a body new time',
        find: 'deadline - performance.now()',
        replace: 'totalMs ?? Number.POSITIVE_INFINITY',
      },
      {
        name: 'a body that is refused goes on being read',
        find: 'void reader.cancel().catch(() => undefined)',
        replace: '',
      },
      {
        name: 'nesting is not counted',
        find: 'if (++depth > maxNesting) return true',
        replace: 'depth++',
        tests: parts('isTooDeep'),
      },
    ],
  ),
  ...breaksOf(
    at('wire/even-time'),
    [test('wire/even-time')],
    [
      {
        name: 'refusals are not delayed',
        find: 'await this.#sleep(Math.max(minMs, slowestMs * margin) - tookMs)',
        replace: '',
      },
      {
        name: 'refusals are delayed by one and the same time',
        find: 'Math.max(minMs, slowestMs * margin) - tookMs',
        replace: 'minMs',
      },
      {
        name: 'slow checks are told apart',
        find: 'Math.max(minMs, slowestMs * margin) - tookMs',
        replace: 'minMs - tookMs',
      },
      {
        name: 'a right password waits',
        find: 'if (isGood(answer)) return answer',
        replace: '',
      },
    ],
  ),
  ...breaksOf(at('wire/addresses'), parts('addresses'), [
    {
      name: 'X-Forwarded-For counts without a trusted proxy',
      find: 'trustedProxy ? forwardedFor?.split',
      replace: 'trustedProxy || forwardedFor ? forwardedFor?.split',
    },
    {
      name: 'the first of X-Forwarded-For counts',
      find: `forwardedFor?.split(',').at(-1)`,
      replace: `forwardedFor?.split(',').at(0)`,
    },
    {
      name: 'ports of X-Forwarded-For count',
      find: String.raw`bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')`,
      replace: 'bare',
    },
    {
      name: 'brackets of X-Forwarded-For count',
      find: 'const address = bracketed ?? bare',
      replace: 'const address = bare || bracketed! || bare',
    },
    { name: 'IPv6 is counted by address', find: '.slice(0, 4).join', replace: '.slice(0, 8).join' },
    { name: 'IPv6 is counted by /48', find: '.slice(0, 4).join', replace: '.slice(0, 3).join' },
    {
      name: 'a mapped IPv4 address counts as another',
      find: 'if (mapped) return ipv4Of(mapped[1]!, mapped[2]!)',
      replace: '',
    },
    {
      name: 'a proxy is not known by Forwarded',
      find: `name === 'forwarded' || `,
      replace: '',
    },
    {
      name: 'a proxy is not known by HTTP/1.0',
      find: `if (httpVersion === '1.0') return true`,
      replace: '',
    },
    {
      name: 'a server behind a proxy counts as local',
      find: 'if (!isLoopback(where.host) || where.trustedProxy) return true',
      replace: 'if (!isLoopback(where.host)) return true',
    },
    {
      name: 'every port is answered',
      find: `    hosts.add(\`\${name}:\${port}\`)`,
      replace: `    hosts.add(\`\${name}:\${port}\`).add(name)`,
    },
  ]),
  ...breaksOf(at('wire/token'), parts('callerOf'), [
    {
      name: 'any role signs in',
      find: `if (claims?.role !== 'authenticated') return null`,
      replace: 'if (!claims) return null',
    },
    {
      name: 'a token never expires',
      find: `if (typeof exp !== 'number') return null`,
      replace: '',
    },
    {
      name: 'a token needs no session',
      find: 'if (!isUuid(sub) || !isUuid(sessionId)) return null',
      replace: 'if (!isUuid(sub)) return null',
    },
  ]),
  ...breaksOf(
    at('wire/open-answers'),
    [test('wire/open-answers')],
    [
      {
        name: 'answers open without end',
        find: 'if (open >= this.#max) return null',
        replace: '',
      },
      {
        name: 'a place is given back twice',
        find: 'if (!isHeld) return\n',
        replace: '',
      },
      {
        name: 'all persons share their places',
        find: 'const open = this.#open.get(person) ?? 0',
        replace: 'const open = [...this.#open.values()].reduce((sum, n) => sum + n, 0)',
      },
    ],
  ),
]

const guards = breaksOf(at('doors/guards'), api, [
  {
    name: 'any key opens',
    find: 'if (!isSameSecret(key, secrets.publishableKey)) {',
    replace: 'if (key.length === 0) {',
  },
  {
    name: 'an ended session goes on',
    find: 'if (!caller || (await endedSessions.includes(caller.sessionId))) {',
    replace: 'if (!caller) {',
  },
  {
    name: 'a demo account passes with an old session',
    find: 'if (refusesDemo(caller.email, context.env.peer)) return demoRefused()',
    replace: '',
  },
  {
    name: 'a person’s answers are open without end',
    find: 'const maxOpenAnswers = 24',
    replace: 'const maxOpenAnswers = 24_000',
  },
  {
    name: 'an answer counts as closed at once',
    find: 'if (context.env.onClosed) context.env.onClosed(release)\n      else release()',
    replace: 'release()',
  },
  {
    name: 'a slow body is waited for by a door',
    find: 'readBody(context.req.raw, maxBytes, { totalMs: maxBodyMs })',
    replace: 'readBody(context.req.raw, maxBytes)',
    timesOut: true,
  },
  {
    name: 'a call waits for no turn',
    find: 'return queue.run(person, work, context.req.raw.signal)',
    replace: 'return queue.run(`${person}${Math.random()}`, work, context.req.raw.signal)',
  },
  {
    name: 'a deep body passes',
    find: 'if (isTooDeep(text)) return tooDeep()',
    replace: '',
  },
  {
    name: 'requests of an address without end',
    find: 'return waitSeconds > 0 ? tooMany(waitSeconds) : await next()',
    replace: 'return waitSeconds < 0 ? tooMany(waitSeconds) : await next()',
  },
])

const limits = [
  ...breaksOf(at('doors/sign-in-limit'), parts('SignInLimit'), [
    {
      name: 'wrong passwords of an address without end',
      find: 'const perAddress = { burst: 30, perSecond: 1 / 30 }',
      replace: 'const perAddress = { burst: 30_000, perSecond: 1 / 30 }',
    },
    {
      name: 'wrong passwords of an address every second',
      find: 'const perAddress = { burst: 30, perSecond: 1 / 30 }',
      replace: 'const perAddress = { burst: 30, perSecond: 1 }',
    },
    {
      name: 'wrong passwords through a proxy without end',
      find: 'const perProxy = { burst: 600, perSecond: 1 }',
      replace: 'const perProxy = { burst: 600_000, perSecond: 1 }',
    },
    {
      name: 'an account tried from one address without end',
      find: 'const perAccountThere = { burst: 10, perSecond: 1 / 60 }',
      replace: 'const perAccountThere = { burst: 10_000, perSecond: 1 / 60 }',
    },
    {
      name: 'an account tried from everywhere without end',
      find: 'const perAccount = { burst: 100, perSecond: 1 / 30 }',
      replace: 'const perAccount = { burst: 100_000, perSecond: 1 / 30 }',
    },
    {
      name: 'who must wait goes on taking from the account',
      find: 'addresses.take(address) ||',
      replace: 'addresses.take(address) + this.#accounts.take(account) ||',
    },
    {
      name: 'a right password costs a try of the address',
      find: '    addresses.refund(address)\n',
      replace: '',
    },
    {
      name: 'a right password costs a try of the account',
      find: '    this.#accounts.refund(account)\n',
      replace: '',
    },
    {
      name: 'a right password costs a try of the account there',
      find: '    this.#accountsThere.refund(`${address} ${account}`)\n',
      replace: '',
    },
  ]),
  ...breaksOf(at('doors/auth'), api, [
    {
      name: 'refreshes of an address without end',
      find: 'const refreshPerAddress = { burst: 120, perSecond: 2 }',
      replace: 'const refreshPerAddress = { burst: 120_000, perSecond: 2 }',
    },
    {
      name: 'refreshes are not limited at all',
      find: '(isRefresh(context) ? limitRefreshes(context, next) : next())',
      replace: '(isRefresh(context) && !limitRefreshes ? undefined : next())',
    },
    {
      name: 'passwords are tried without end',
      find: 'if (waitSeconds > 0) return tooMany(waitSeconds)\n    const response',
      replace: 'if (waitSeconds < 0) return tooMany(waitSeconds)\n    const response',
    },
    {
      name: 'a refused sign-in comes at once',
      find: '(answer) => answer.ok,',
      replace: '() => true,',
    },
    {
      name: 'a sign-in of the demo passes through a proxy',
      find: 'if (guards.refusesDemo(account, peer)) return demoRefused()',
      replace: '',
    },
    {
      name: 'a session of an old password is handed out',
      find: 'if (await completeSession(database(), { id, passwordHash, userAgent })) return answer',
      replace:
        'await completeSession(database(), { id, passwordHash, userAgent })\n    if (answer.ok) return answer',
    },
    {
      name: 'the account is shown without a session',
      find: `door.get('/user', guards.caller, guards.turn,`,
      replace: `door.get('/user', guards.turn,`,
      tests: account('signing out ends'),
    },
  ]),
  ...breaksOf(at('doors/command-intake'), api, [
    {
      name: 'journaled bytes of a person without end',
      find: 'burst: 64 * 1024 * 1024',
      replace: 'burst: 64 * 1024 * 1024 * 1024',
    },
    {
      name: 'a call is asked before it is journaled',
      find: 'const settled = await journal.append(entry)\n    try {\n      return await ask()',
      replace:
        'const answer = await ask()\n    const settled = await journal.append(entry)\n    try {\n      return answer',
      tests: [test('doors/command-intake')],
    },
    {
      name: '201 commands are journaled',
      find: 'if (commands.length > maxCommands) {',
      replace: 'if (commands.length > maxCommands + 1) {',
      tests: [test('doors/command-intake')],
    },
    {
      name: 'what is no list is journaled',
      find: 'if (!Array.isArray(commands)) return',
      replace: 'if (!commands) return',
      tests: [test('doors/command-intake')],
    },
    {
      name: 'a person without a role is journaled',
      find: 'if (!(await this.#hasRole(userId))) {',
      replace: 'if ((await this.#hasRole(userId)) === null) {',
      tests: [test('doors/command-intake')],
    },
    {
      name: 'a role given in between leaves a receipt without a journal',
      find: 'if (isAnythingApplied(await response.clone().text())) {',
      replace: 'if (!response) {',
      tests: [test('doors/command-intake')],
    },
    {
      name: 'a call is journaled without a database',
      find: 'if (!backend.isReady) throw new BackendUnavailable()',
      replace: '',
      tests: [test('doors/command-intake')],
    },
    {
      name: 'a failed call stays under way for ever',
      find: '    } finally {\n      settled()\n      onChange()\n    }',
      replace: '    } catch (error) {\n      throw error\n    }',
      tests: [test('doors/command-intake')],
    },
  ]),
  ...breaksOf(at('doors/own-password'), api, [
    {
      name: 'current passwords are tried without end',
      find: 'const triesPerUser = { burst: 10, perSecond: 1 / 60 }',
      replace: 'const triesPerUser = { burst: 10_000, perSecond: 1 / 60 }',
      tests: account('a wrong current password'),
    },
    {
      name: 'a new password without the current one',
      find: `if (typeof current !== 'string') {`,
      replace: 'if (current === null) {',
      tests: account('a wrong current password'),
    },
    {
      name: 'a refused current password comes at once',
      find: `(answer) => answer !== 'wrong',`,
      replace: '() => true,',
    },
    {
      name: 'other sessions outlive a new password at this door',
      find: '    await sessions.note(userId, ended)\n',
      replace: '',
      tests: account('a new password ends'),
    },
    {
      name: 'the passwords of the demo can be changed',
      find: 'if (isDemoEmail(caller.email)) {',
      replace: 'if (!caller) {',
      tests: server('the demo’s passwords stay'),
    },
    {
      name: 'more than the password can be changed',
      find: 'password === undefined || given.some(([field]) => !passwordFields.has(field))',
      replace: 'password === undefined',
      tests: server('changing anything of an account'),
    },
  ]),
  ...breaksOf(at('doors/own-sessions'), api, [
    {
      name: 'sessions are ended without end',
      find: 'const endsPerUser = { burst: 60, perSecond: 1 / 10 }',
      replace: 'const endsPerUser = { burst: 60_000, perSecond: 1 / 10 }',
    },
    {
      name: 'the list of sessions may be kept by caches',
      find: `return context.json(own, 200, { 'cache-control': 'no-store' })`,
      replace: 'return context.json(own, 200)',
    },
    {
      name: 'signing out elsewhere ends this session',
      find: `return scope === 'others' ? { others: sessionId } : null`,
      replace: `return scope === 'others' ? 'all' : null`,
      tests: account('signing out elsewhere'),
    },
    {
      name: 'signing out here ends all sessions',
      find: `if (scope === 'local') return { session: sessionId }`,
      replace: `if (scope === 'local') return 'all'`,
      tests: account('signing out ends'),
    },
  ]),
]

const sessions = [
  ...breaksOf(at('doors/session-ender'), account('signing out ends'), [
    {
      name: 'an ended session holds until the next read',
      find: '    endedSessions.note(ids)\n',
      replace: '',
    },
    {
      name: 'the end of a session is not journaled',
      find: 'endedSessions: [...ids],',
      replace: '',
      tests: account('nor does a power cut'),
    },
  ]),
  ...breaksOf(at('doors/ended-sessions'), parts('EndedSessions'), [
    {
      name: 'an end noted here does not count',
      find: '.has(id) || this.#noted.has(id)',
      replace: '.has(id)',
    },
    {
      name: 'an end noted elsewhere never counts',
      find: 'if (!this.#read || now - this.#read.at > keptMs) {',
      replace: 'if (!this.#read) {',
    },
    {
      name: 'ends are read for every caller',
      find: 'now - this.#read.at > keptMs',
      replace: 'now - this.#read.at >= 0',
    },
    {
      name: 'a failed read is kept',
      find: 'if (this.#read === read) this.#read = null',
      replace: '',
    },
    {
      name: 'the case of an id matters',
      find: 'const id = sessionId.toLowerCase()',
      replace: 'const id = sessionId',
    },
  ]),
  ...breaksOf(at('owner/sessions'), account('signing out ends'), [
    {
      name: 'ended sessions are not noted',
      find: 'insert into wangge_server.ended_sessions (id) select id from ended on conflict do nothing',
      replace: 'select id from ended',
      // an embedded city would end it again from its journal
      tests: [`${test('doors/own-account')} -t postgres.*a restart revives`],
    },
    {
      name: 'another person’s session is ended',
      find: 'delete from auth.sessions where user_id = $1::uuid and (${condition}) returning id',
      replace:
        'delete from auth.sessions where $1::uuid is not null and (${condition}) returning id',
      tests: account('another person’s session'),
    },
    {
      name: 'the sessions of all are listed',
      find: 'from auth.sessions where user_id = $1::uuid order by',
      replace: 'from auth.sessions where $1::uuid is not null order by',
      tests: account('another person’s session'),
    },
    {
      name: 'a replay leaves the refresh token alive',
      find: 'delete from auth.sessions where id in (select id from again)',
      replace: 'select 1 where false',
      tests: account('nor does a power cut'),
    },
    {
      name: 'a sign-in with the old password outlives a change',
      find: 'and u.encrypted_password = $3',
      replace: 'and $3::text is not null',
      tests: [test('owner/people')],
    },
  ]),
  ...breaksOf(
    at('owner/password-worker'),
    [test('owner/passwords')],
    [
      {
        name: 'current_password is not compared',
        find: `if (!(await compare(current, hash))) return { refused: 'wrong' }`,
        replace: 'await compare(current, hash)',
      },
      {
        name: 'the current password again is taken',
        find: `if (next === current) return { refused: 'same' }`,
        replace: '',
      },
      {
        name: 'a new password is not judged',
        find: 'return issue ? { refused: issue } : {',
        replace: 'return issue === undefined ? { refused: issue } : {',
      },
    ],
  ),
  ...breaksOf(
    at('owner/passwords'),
    [test('owner/people')],
    [
      {
        name: 'a change at the same moment is written over',
        find: 'where id = $1::uuid and encrypted_password = $2 returning id',
        replace: 'where id = $1::uuid and $2::text is not null returning id',
      },
      {
        name: 'a new password ends no session',
        find: `endingSessions('id <> $4::uuid and exists (select from account)')`,
        replace: `endingSessions('id <> $4::uuid and false')`,
        tests: account('a new password ends'),
      },
      {
        name: 'commands take any password',
        find: 'if (issue) throw new ServerError(passwordRefusals[issue])',
        replace: '',
        tests: [test('owner/passwords')],
      },
    ],
  ),
  ...breaksOf(
    at('owner/people'),
    [test('owner/people')],
    [
      {
        name: 'a removed person keeps the roles',
        find: `update public.memberships set valid_to = now()
       where user_id = $1::uuid and (valid_to is null or valid_to > now())
     ), tokens`,
        replace: `select 1 from public.memberships where false
     ), tokens`,
      },
      {
        name: 'a removed person keeps the account',
        find: 'delete from auth.users where id = $1::uuid',
        replace: 'select 1 from auth.users where id = $1::uuid',
      },
      {
        name: 'a removed person keeps the sessions',
        find: `), tokens as (
       delete from auth.refresh_tokens where user_id = $1::uuid
     ), \${endingSessions()}
     delete`,
        replace: `), tokens as (
       delete from auth.refresh_tokens where user_id = $1::uuid
     ), \${endingSessions('false')}
     delete`,
      },
      {
        name: 'a password by command ends no session',
        find: `     ), \${endingSessions()}
     delete from auth.refresh_tokens`,
        replace: `     ), \${endingSessions('false')}
     delete from auth.refresh_tokens`,
      },
      {
        name: 'the end of a role ends all',
        find: 'where user_id = $1::uuid and role = $2 and area_code = $3\n',
        replace: 'where user_id = $1::uuid and ($2::text, $3::text) is not null\n',
      },
      {
        name: 'an ended role stays ended when it is given again',
        find: 'do update set valid_to = null, valid_from',
        replace: 'do update set valid_from',
      },
      {
        name: 'a handler without a department',
        find: 'if (!choice.departmentCode || !codes.includes(choice.departmentCode)) {',
        replace: 'if (choice.departmentCode && !codes.includes(choice.departmentCode)) {',
      },
      {
        name: 'two accounts of one address',
        find: 'if (taken) throw new ServerError(`${email} has an account already.`)',
        replace: '',
      },
    ],
  ),
]

const doors = [
  ...breaksOf(
    at('doors/door'),
    [test('doors/door')],
    [
      {
        name: 'every Host is answered',
        find: 'if (!options.hosts.has(host)) {',
        replace: 'if (!host) {',
      },
      {
        name: 'every Origin is answered',
        find: 'if (origin !== undefined && origin !== originOf(context, options)) {',
        replace: `if (origin === '') {`,
      },
      {
        name: 'a cross-site request is answered',
        find: `if (site !== undefined && !['same-origin', 'none'].includes(site) && !isNavigation) {`,
        replace: `if (site === '') {`,
      },
      {
        name: 'the name a proxy gives counts untrusted',
        find: `options.trustedProxy ? context.req.header('x-forwarded-host') : undefined`,
        replace: `context.req.header('x-forwarded-host')`,
      },
      {
        name: 'config.json may be kept by caches',
        find: `return context.json(config, 200, { 'cache-control': 'no-store' })`,
        replace: 'return context.json(config, 200)',
      },
      {
        name: 'readiness says nothing of the waiting',
        find: 'const isBusy = longestWaitMs > maxWaitMs',
        replace: 'const isBusy = longestWaitMs < 0',
      },
      {
        name: 'an answer nobody takes is held for ever',
        find: 'outgoing.setTimeout(patience, () => outgoing.destroy()),',
        replace: 'outgoing.setTimeout(0, () => outgoing.destroy()),',
      },
      {
        name: 'an answer nobody takes is held as long as a photo',
        find: 'const patience = isPhoto ? photoStalledMs : answerStalledMs',
        replace: 'const patience = photoStalledMs',
      },
      {
        name: 'a proxy nobody named is not said',
        find: '      sayProxied()\n',
        replace: '      void sayProxied\n',
      },
      {
        name: 'an answer whose client has gone stays open',
        find: 'if (outgoing.closed || outgoing.destroyed) listener()\n      else',
        replace: 'if (outgoing)',
      },
      {
        name: 'answers without the policy',
        find: 'if (!context.res.headers.has(name)) context.res.headers.set(name, value)',
        replace: '',
      },
    ],
  ),
  ...breaksOf(
    at('backend/pglite-engine'),
    [test('keeping/automatic-snapshots.long')],
    [
      {
        name: 'a snapshot comes between the two halves of a look at the health',
        find: 'canary: () => exclusively(() => asOwner(canaryNow)),',
        replace: 'canary: () => canary(owner),',
      },
    ],
  ),
  ...breaksOf(at('doors/forward'), api, [
    {
      name: 'answers of the database may be kept by caches',
      find: `returned.set('cache-control', 'no-store')`,
      replace: '',
    },
    {
      name: 'any header goes on to the database',
      find: `const forwardedHeaders = ['accept',`,
      replace: `const forwardedHeaders = ['accept-profile', 'accept',`,
    },
    {
      name: 'a failed statement does not try the canary',
      find: 'if (plain.status >= 500) void backend.checkCanary()',
      replace: '',
    },
  ]),
  ...breaksOf(at('doors/api'), api, [
    {
      name: 'a full line answers 500',
      find: 'if (error instanceof TooBusy) return tooMany(error.seconds)\n',
      replace: '',
    },
    { name: 'the API needs no key', find: '  api.use(guards.key)\n', replace: '' },
  ]),
  ...breaksOf(at('doors/rpc'), api, [
    {
      name: 'arguments come in the address',
      find: 'if (new URL(req.url).search) {',
      replace: 'if (!req.url) {',
    },
    {
      name: 'functions are called by GET',
      find: `if (req.method !== 'POST') {`,
      replace: `if (req.method === '') {`,
    },
    {
      name: 'a string given for json may nest without end',
      find: 'return isDeep ? tooDeep() : args',
      replace: 'return isDeep === null ? tooDeep() : args',
    },
  ]),
  ...breaksOf(at('start/server'), server('more connections'), [
    {
      name: 'connections without end',
      find: 'server.maxConnections = maxConnections',
      replace: '',
    },
  ]),
]

const photos = [
  ...breaksOf(at('photos/photo-api'), photoLimits, [
    {
      name: 'photos may fill the disk',
      find: 'if ((await store.freeBytes()) - bytes < reservedBytes) return false',
      replace: '',
    },
    {
      name: 'photos leave nothing of the reserve',
      find: '(await store.freeBytes()) - bytes < reservedBytes',
      replace: '(await store.freeBytes()) - bytes < 0',
    },
    {
      name: 'photos of a person without end',
      find: 'return (row?.used ?? 0) + bytes <= quotaBytes',
      replace: 'return (row?.used ?? 0) >= 0 || quotaBytes < 0',
    },
    {
      name: 'the last photo may pass the quota',
      find: '(row?.used ?? 0) + bytes <= quotaBytes',
      replace: '(row?.used ?? 0) <= quotaBytes',
    },
    {
      name: 'uploads of a person without end',
      find: 'const perUser = { burst: 600, perSecond: 5 }',
      replace: 'const perUser = { burst: 600_000, perSecond: 5 }',
    },
    {
      name: 'an upload that stands still is waited for',
      find: 'readBody(request, photoLimits.bytes, { stalledMs: maxStalledMs })',
      replace: 'readBody(request, photoLimits.bytes)',
      timesOut: true,
    },
    {
      name: 'a photo is put below another person',
      find: `if (name.owner !== userId) return refusal('photo_not_yours')`,
      replace: '',
      tests: photoLimits,
    },
    {
      name: 'a photo is recorded before it is journaled',
      find: "const settled = await journal?.append({ user: userId, body: '', received, photo })",
      replace: 'const settled = await Promise.resolve(() => void [received, photo, journal])',
    },
    {
      name: 'the Content-Type of a photo means nothing',
      find: `if (contentType !== name.mediaType) return refusal('photo_wrong_type')`,
      replace: '',
    },
    {
      name: 'a cut upload is kept',
      find: `if (length !== null && Number(length) !== bytes.length) return refusal('photo_incomplete')`,
      replace: '',
    },
    {
      name: 'bytes are kept unjudged',
      find: 'if (!verdict.ok) return refusal(verdict.fault)',
      replace: `if (!verdict.ok && verdict.fault !== 'photo_has_metadata') return refusal(verdict.fault)
    if (!verdict.ok) return new Response(null, { status: 200 })`,
    },
    {
      name: 'answers about photos may be kept by caches',
      find: `'cache-control': 'no-store' }\n  return new Response(JSON.stringify(value)`,
      replace: `'x-none': '' }\n  return new Response(JSON.stringify(value)`,
    },
    {
      name: 'a photo may be kept by shared caches',
      find: `'private, max-age=31536000, immutable'`,
      replace: `'public, max-age=31536000, immutable'`,
    },
    {
      name: 'a photo opened alone may do what it likes',
      find: `"default-src 'none'; sandbox"`,
      replace: `"default-src 'none'"`,
    },
    {
      name: 'an unseen photo is given',
      find: '!(await this.#reader.mayRead(name, userId.toLowerCase()))',
      replace: '(await this.#reader.mayRead(name, userId.toLowerCase())) === null',
    },
  ]),
  ...breaksOf(at('photos/photo-reader'), photoServer('who may read'), [
    {
      name: 'the answers for photos are mixed up',
      find: 'resolve(answers[n] === true)',
      replace: 'resolve(answers[answers.length - 1 - n] === true)',
    },
    {
      name: 'every photo counts as one’s own',
      find: 'if (name.owner === userId) return',
      replace: 'if (name.owner) return',
    },
  ]),
  ...breaksOf(at('photos/photo-store'), photoLimits, [
    {
      name: 'photo files are open to other users',
      find: `open(temporary, 'wx', 0o600)`,
      replace: `open(temporary, 'wx', 0o644)`,
    },
  ]),
]

const jpeg = breaksOf(
  'src/domain/photo/jpeg-tables.ts',
  ['src/domain/photo/photo-rules.test.ts'],
  [
    {
      name: 'text in an unused table passes',
      find: 'return { hasUnused: this.#unused.size > 0, unusedSegments }',
      replace: 'return { hasUnused: false, unusedSegments }',
    },
    {
      name: 'text in a table that is replaced passes',
      find: 'if (before) this.#close(before)',
      replace: '',
    },
    {
      name: 'every Huffman table counts as used',
      find: 'if (!this.#isProgressive || first! > 0) this.#use(`h${0x10 | (tables & 0x0f)}`)',
      replace:
        'for (const id of [0, 1, 2, 3]) this.#use(`h${0x10 | id}`)\n      void [first, tables]',
    },
    {
      name: 'DC tables of a refining scan count as used',
      find: 'first === 0 && isFirstPass',
      replace: 'first === 0 && isFirstPass !== null',
    },
    {
      name: 'a symbol may be listed twice',
      find: ' && new Set(list).size === symbols ?',
      replace: ' && new Set(list).size > 0 ?',
    },
    {
      name: 'a table may have more codes than fit',
      find: 'if (room < 0) return null',
      replace: '',
    },
    {
      name: 'a restart interval may hold text',
      find: 'return end - at === 6',
      replace: 'return end - at >= 6',
    },
    {
      name: 'a table may pass the end of its segment',
      find: ' || next + size > end) return false',
      replace: ') return false',
    },
  ],
)

const rules = [
  ...breaksOf(
    'src/domain/account/password-rules.ts',
    ['src/domain/account/password-rules.test.ts'],
    [
      {
        name: 'the shortest password has 9 characters',
        find: 'export const minPasswordCharacters = 10',
        replace: 'export const minPasswordCharacters = 9',
      },
      {
        name: 'a password of 73 bytes is cut',
        find: 'export const maxPasswordBytes = 72',
        replace: 'export const maxPasswordBytes = 73',
      },
      {
        name: 'common passwords pass',
        find: 'const minGuesses = 1e8',
        replace: 'const minGuesses = 1e4',
      },
      {
        name: 'the e-mail passes as a password',
        find: `return isMadeOf(password, emailParts(email)) ? 'email' : null`,
        replace: 'return null',
      },
    ],
  ),
  ...breaksOf(
    at('base/secrets'),
    [test('base/secrets')],
    [
      {
        name: 'the secrets are open to other users',
        find: ', 0o600)',
        replace: ', 0o644)',
      },
      {
        name: 'half a file of secrets is taken',
        find: `typeof secrets[name] !== 'string' || secrets[name].length < 20`,
        replace: 'secrets[name] === null',
      },
    ],
  ),
]

const keeping = [
  ...breaksOf(
    at('journal/journal'),
    [test('journal/journal')],
    [
      {
        name: 'a snapshot does not wait for calls under way',
        find: 'await Promise.all(underWay)',
        replace: 'void underWay',
      },
      {
        name: 'a call is set aside twice',
        find: `if (existsSync(path) && (await readFile(path, 'utf8')).split('\\n').includes(line)) return`,
        replace: '',
      },
      {
        name: 'the journal is open to other users',
        find: `'ax', 0o600`,
        replace: `'ax', 0o644`,
      },
      {
        name: 'commands may fill the disk',
        find: '(await this.#freeBytes(this.#folder)) - bytes >= reservedBytes',
        replace: '(await this.#freeBytes(this.#folder)) >= 0',
      },
      {
        name: 'notes may not use the reserve',
        find: 'reject(new JournalFull())\n    return notes',
        replace:
          'reject(new JournalFull())\n    for (const { reject } of notes) reject(new JournalFull())\n    return []',
      },
      {
        name: 'half a line stays in the middle of the journal',
        find: 'if (!this.#isCutOff) return\n',
        replace: 'return\n',
      },
      {
        name: 'an append does not wait for the disk',
        find: 'await file.appendFile(bytes)\n    await file.datasync()',
        replace: 'await file.appendFile(bytes)',
        tests: ['tests/faults/power-cut.long.test.ts'],
      },
    ],
  ),
  ...breaksOf(
    at('journal/journal-lines'),
    [test('journal/journal-damage')],
    [
      {
        name: 'a checksum is not compared',
        find: 'if (checksumOf(json) !== checksum) {',
        replace: `if (checksum === '') {`,
      },
      {
        name: 'a numbered line passes without its checksum',
        find: `value && !('n' in value) ? entryIn(value) : null`,
        replace: 'value ? entryIn(value) : null',
      },
    ],
  ),
  ...breaksOf(
    at('journal/journal-reader'),
    [test('journal/journal')],
    [
      {
        name: 'segments are read from the newest',
        find: '.sort((a, b) => a - b)',
        replace: '.sort((a, b) => b - a)',
      },
    ],
  ),
  ...breaksOf(
    at('keeping/pack-ahead'),
    [test('keeping/pack-ahead')],
    [
      {
        name: 'months are packed ahead while somebody is served',
        find: 'if (isIdle()) isMore',
        replace: 'if (true) isMore',
      },
    ],
  ),
  ...breaksOf(
    at('owner/resting-indexes'),
    ['supabase/tests/import-whole-batches.test.ts'],
    [
      {
        name: 'indexes rest where most rows are there already',
        find: 'if (this.#isResting || Math.max(stored, expected) < this.#rowsBefore) return',
        replace: 'if (this.#isResting) return',
      },
      {
        name: 'indexes rest only once as many rows are stored as there were',
        find: 'if (this.#isResting || Math.max(stored, expected) < leastRows || stored < leastSeen) return',
        replace: 'if (this.#isResting || stored < leastRows || expected < 0) return',
      },
      {
        name: 'an import leaves its indexes at rest',
        find: 'if (this.#isResting) await wakeIndexes(this.#db, onWaking)',
        replace: 'void onWaking',
      },
    ],
  ),
  ...breaksOf(
    at('import/batch-sender'),
    ['supabase/tests/import-whole-batches.test.ts'],
    [
      {
        name: 'indexes rest while others read',
        find: 'this.#isAlone = !isShared && !options.update',
        replace: 'this.#isAlone = !options.update',
      },
      {
        name: 'indexes rest while updates need them',
        find: 'this.#isAlone = !isShared && !options.update',
        replace: 'this.#isAlone = !isShared',
      },
    ],
  ),
  ...breaksOf(
    at('keeping/replay'),
    [test('keeping/replay')],
    [
      {
        name: 'the replay goes backwards',
        find: 'batch.push({ entry,',
        replace: 'batch.unshift({ entry,',
      },
      {
        name: 'the replay has the time of now',
        find: 'JSON.stringify(commands), entry.received)',
        replace: 'JSON.stringify(commands), new Date(entry.body.length).toISOString())',
      },
      {
        name: 'a known call is repeated',
        find: 'if (wanted.every((id) => known.has(id))) continue',
        replace: '',
      },
      {
        name: 'a full disk counts as done',
        find: 'if (passing.test(error.code)) throw failure',
        replace: '',
      },
      {
        name: 'a sick database goes on replaying',
        find: '    throw failure\n  })',
        replace: '    void failure\n  })',
      },
      {
        name: 'a call refused as a whole keeps the city out',
        find: 'if (isRefusal(error)) continue',
        replace: '',
      },
      {
        name: 'ended sessions come alive by a replay',
        find: '  await repeatEnds(session.database(), await endedSessionsIn(journal, fromSegment))\n',
        replace: '',
      },
    ],
  ),
  ...breaksOf(
    at('owner/lock'),
    [test('owner/lock')],
    [
      {
        name: 'two servers share a folder',
        find: 'if (!holder || !isAlive(holder, path)) rmSync(path, { force: true })',
        replace: 'rmSync(path, { force: true })',
      },
      {
        name: 'a dead process keeps the folder',
        find: `!== 'EPERM') return false`,
        replace: `!== 'EPERM') return true`,
      },
      {
        name: 'a reused pid keeps the folder',
        find: `return start === null || holder.processStart === '' || start === holder.processStart`,
        replace: 'return true',
      },
      {
        name: 'a silent machine keeps the folder',
        find: 'return age !== null && age < foreignStaleMs',
        replace: 'return age !== null',
      },
      {
        name: 'another machine’s folder is taken',
        find: 'return age !== null && age < foreignStaleMs',
        replace: 'return false',
      },
      {
        name: 'a process removes another’s lock',
        find: 'if (isSame(holder, mine)) rmSync(path, { force: true })',
        replace: 'if (holder) rmSync(path, { force: true })',
      },
    ],
  ),
]

const keptColumns = breaksOf(
  at('backend/kept-columns'),
  ['supabase/tests/read/kept-columns.test.ts'],
  [
    {
      name: 'kept months outlive their changes',
      find: 'for (const scope of this.#scopes.values()) forget(scope, month)',
      replace: 'for (const scope of this.#scopes.values()) forget(scope, `${month}?`)',
    },
    {
      name: 'months of two scopes are mixed',
      find: 'if (packed.state.scope !== state.scope) {',
      replace: 'if (packed.state.scope === undefined) {',
    },
    {
      name: 'a list rests without an end',
      find: 'this.#now() < scope.restsUntil',
      replace: 'scope.restsUntil > 0',
    },
    {
      name: 'an old list says it is new',
      find: 'return { ...scope.listedAt, months',
      replace: 'return { cursor, asOf, months',
    },
    {
      name: 'a single change rests too',
      find: 'stale.size > manyMonths && this',
      replace: 'this',
    },
    {
      name: 'an answer of earlier months is sent again',
      find: 'known?.parts.every((part, at) => part === parts[at]) ?? false',
      replace: 'known !== undefined',
      equivalent: 'a changed month takes its answers along; the comparison is a second guard',
    },
  ],
)

const generatedAnswers = breaksOf(
  'supabase/server/import/demo/ratings.ts',
  ['supabase/server/import/demo/ratings.test.ts'],
  [
    {
      name: 'no community of the demo swings',
      find: 'return mondayOf(closing.closedAtMs) % 2 === 0 ? 0.98 : 0.6',
      replace: 'return mondayOf(closing.closedAtMs) % 2 === 0 ? 0.8 : 0.8',
    },
    {
      name: 'no community of the demo improves',
      find: 'return unimproved + (improved - unimproved) * done',
      replace: 'return done > 2 ? unimproved : improved',
    },
    {
      name: 'the second largest community of the demo swings too',
      find: "if (improving) kinds.set(improving, 'improving')",
      replace: "if (improving) kinds.set(improving, 'swinging')",
    },
  ],
)

export const serverMutants = [
  ...queue,
  ...wire,
  ...guards,
  ...limits,
  ...sessions,
  ...doors,
  ...photos,
  ...jpeg,
  ...rules,
  ...keeping,
  ...keptColumns,
  ...generatedAnswers,
]
