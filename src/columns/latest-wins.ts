/** Runs one request at a time. Only the newest waiting request runs; the others resolve to null. */
export function latestWins<Request, Answer>(
  run: (request: Request) => Promise<Answer>,
): (request: Request) => Promise<Answer | null> {
  interface Waiting {
    request: Request
    resolve: (answer: Answer | null) => void
    reject: (error: unknown) => void
  }
  let running = false
  let waiting: Waiting | null = null

  const next = async (): Promise<void> => {
    running = true
    while (waiting) {
      const { request, resolve, reject } = waiting as Waiting
      waiting = null
      try {
        resolve(await run(request))
      } catch (error) {
        reject(error)
      }
    }
    running = false
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting?.resolve(null)
      waiting = { request, resolve, reject }
      if (!running) void next()
    })
}
