import { secretKeyFrom, supabaseGateway } from './gateway.ts'
import { answerCheck } from './handler.ts'

// Edge Functions run in Deno; nothing else here does.
declare const Deno: {
  env: { get(name: string): string | undefined }
  serve(handler: (request: Request) => Promise<Response>): void
}

const env = (name: string) => Deno.env.get(name)
const gateway = supabaseGateway(env('SUPABASE_URL') ?? '', secretKeyFrom(env))
Deno.serve((request) => answerCheck(request, gateway))
