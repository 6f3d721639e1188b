import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface ReceivedMail {
  to: string[]
  /** As sent, with headers. */
  data: string
}

/** An SMTP server on a free port that keeps what it gets. */
export async function startMailServer() {
  const mails: ReceivedMail[] = []
  /** Recipients answered with 450: try later. */
  const refused = new Set<string>()
  const server = createServer((socket) => {
    let [text, data, to, isData] = ['', '', [] as string[], false]
    const say = (line: string) => socket.write(`${line}\r\n`)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        if (isData && line === '.') {
          mails.push({ to, data })
          ;[to, data, isData] = [[], '', false]
          say('250 kept')
        } else if (isData) data += `${line}\n`
        else answer(line)
      }
    })
    function answer(line: string): void {
      const recipient = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1]
      if (/^(EHLO|HELO)/i.test(line)) say('250 here')
      else if (recipient !== undefined && refused.has(recipient)) say('450 try later')
      else if (recipient !== undefined) {
        to.push(recipient)
        say('250 ok')
      } else if (/^DATA/i.test(line)) {
        isData = true
        say('354 go on')
      } else if (/^QUIT/i.test(line)) {
        say('221 bye')
        socket.end()
      } else say('250 ok')
    }
    say('220 test')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...{ mails, refused, url: `smtp://127.0.0.1:${port}` },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
