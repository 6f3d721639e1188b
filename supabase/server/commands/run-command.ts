import { ServerError } from '../base/errors.ts'

/** Runs a command line: what people can put right is one line on stderr, and the exit code is 1. */
export async function runCommand(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof ServerError ? error.message : error)
    process.exitCode = 1
  }
}
