import { loopMutants } from './loop.ts'
import { serverMutants } from './server.ts'
import { sqlMutants } from './sql.ts'
import { standardMutants } from './standard.ts'

/** Every break that some test must see. */
export const mutants = [...serverMutants, ...sqlMutants, ...loopMutants, ...standardMutants]
