import { ServerError } from '../base/errors.ts'

/** Prints a `ServerError` as one line. */
export async function runCommand(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof ServerError ? error.message : error)
    process.exitCode = 1
  }
}
