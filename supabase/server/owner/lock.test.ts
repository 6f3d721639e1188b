import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { slow } from '../../../tests/kit/patience.ts'
import { ServerError } from '../base/errors.ts'
import { lockHolder, takeLock } from './lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function writeHolder(holder: object) {
  writeFileSync(join(folder, 'lock'), JSON.stringify(holder))
}

function holderHere(): object {
  const lock = takeLock(folder, 'npm start')
  const holder = lockHolder(folder)!
  lock.release()
  return { ...holder }
}

test('a second taker is refused and told who holds the folder, until it is released', () => {
  const lock = takeLock(folder, 'npm start')
  expect(() => takeLock(folder, 'npm run import')).toThrow(
    new RegExp(`in use by process ${process.pid} \\(npm start\\), since \\d{4}-`),
  )
  expect(lockHolder(folder)?.command).toBe('npm start')
  lock.release()
  expect(lockHolder(folder)).toBeNull()
  takeLock(folder, 'npm run import').release()
})

test('the lock of a process that ended is taken over', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.on('exit', resolve))
  writeHolder({ ...holderHere(), pid: child.pid, processStart: 'x' })
  takeLock(folder, 'npm start').release()
})

test.runIf(existsSync('/proc/self/stat'))(
  'the lock of a killed process is taken over though its parent never asked for its end',
  async () => {
    // the shell becomes a sleep that has a child it knows nothing of
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
      const fieldsOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      writeHolder({ ...holderHere(), pid, processStart: fieldsOf()[19] })
      expect(() => takeLock(folder, 'npm start')).toThrow(`in use by process ${pid}`)
      await expect
        .poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim(), slow)
        .toBe('sleep')
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => fieldsOf()[0], slow).toBe('Z')
      takeLock(folder, 'npm start').release()
    } finally {
      parent.kill('SIGKILL')
    }
  },
)

test.runIf(existsSync('/proc/self/stat'))(
  'the lock of a process that is just being killed is taken over once it has ended',
  async () => {
    const hold =
      'globalThis.held = Buffer.alloc(4e8, 1); console.log(process.pid); setInterval(() => {}, 1e6)'
    // the shell asks for its end at once
    const parent = spawn('sh', ['-c', `"${process.execPath}" -e "${hold}" & wait`])
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
      const fieldsOf = () => {
        try {
          return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
        } catch {
          return null
        }
      }
      writeHolder({ ...holderHere(), pid, processStart: fieldsOf()![19] })
      process.kill(pid, 'SIGKILL')
      // until the kernel has begun to end it, without a turn of this process
      while (Number(fieldsOf()?.[6] ?? 4) % 8 < 4);
      takeLock(folder, 'npm start').release()
    } finally {
      parent.kill('SIGKILL')
    }
  },
)

test.runIf(existsSync('/proc/self/stat'))('a reused pid is not taken for the holder', () => {
  writeHolder({ ...holderHere(), processStart: '1' })
  takeLock(folder, 'npm start').release()
})

test('a holder on another machine counts while its heartbeat is fresh', () => {
  writeHolder({ ...holderHere(), pid: 1, host: 'elsewhere.example', pidSpace: 'elsewhere.example' })
  expect(() => takeLock(folder, 'npm start')).toThrow(/on elsewhere\.example.*free a minute after/)
})

test('a holder whose clock is ahead counts, until its heartbeat is old', () => {
  writeHolder({ ...holderHere(), pid: 1, host: 'elsewhere.example', pidSpace: 'elsewhere.example' })
  const path = join(folder, 'lock')
  const beat = (ageMs: number) => {
    const at = new Date(Date.now() - ageMs)
    utimesSync(path, at, at)
  }
  for (const ageMs of [-3_600_000, -5, -1, 0, 59_000]) {
    beat(ageMs)
    expect(() => takeLock(folder, 'npm start'), `${ageMs} ms`).toThrow('in use by process 1')
  }
  beat(61_000)
  takeLock(folder, 'npm start').release()
})

test('a container of the same name with a process of the same number keeps its folder until it is silent', () => {
  writeHolder({ ...holderHere(), processStart: '1', pidSpace: `${hostname()} boot pid:[1]` })
  expect(() => takeLock(folder, 'npm start')).toThrow('in use by process')
  const longAgo = new Date(Date.now() - 61_000)
  utimesSync(join(folder, 'lock'), longAgo, longAgo)
  takeLock(folder, 'npm start').release()
})

test('a lock that another took meanwhile stays', () => {
  const lock = takeLock(folder, 'npm start')
  writeHolder({ ...lockHolder(folder)!, since: '2026-01-01T00:00:00Z', command: 'another' })
  lock.release()
  expect(lockHolder(folder)?.command).toBe('another')
})

test('half a lock file is taken over', () => {
  writeFileSync(join(folder, 'lock'), '{"pid": 12')
  takeLock(folder, 'npm start').release()
})

test('a file in the way of the folder is a clear error', () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  expect(() => takeLock(path, 'npm start')).toThrow(ServerError)
})
