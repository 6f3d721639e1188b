import { secretKeyFrom, supabaseGateway } from './gateway.ts'
import { answerCheck } from './handler.ts'

// An Edge Function runs in Deno; nothing else in this repository does.
declare const Deno: {
  env: { get(name: string): string | undefined }
  serve(handler: (request: Request) => Promise<Response>): void
}

const env = (name: string) => Deno.env.get(name)
const gateway = supabaseGateway(env('SUPABASE_URL') ?? '', secretKeyFrom(env))
Deno.serve((request) => answerCheck(request, gateway))
