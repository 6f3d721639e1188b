import { fileURLToPath } from 'node:url'

export const referenceFile = fileURLToPath(new URL('../../API.md', import.meta.url))

/** A function of schema `public`, as its text in the schemas describes it. */
interface ApiFunction {
  name: string
  parameters: string
  callers: string
  description: string
  returns: string
  errors: string
}

/**
 * The reference of the functions clients may call, as Markdown. Each needs a comment above it: its
 * description, then the lines that begin with "Returns" and "Errors:". Throws when a part, a grant or
 * a result of one jsonb is missing.
 */
export function apiReference(schemas: string): string {
  return `${[preface, ...apiFunctions(schemas).map(section)].join('\n\n')}\n`
}

const comment = String.raw`((?:^-- .*\n)*)`
const definition = String.raw`^create or replace function public\.(\w+)\(([^)]*)\)\s+returns\s+(\w+)`

function apiFunctions(schemas: string): ApiFunction[] {
  const callers = readGrants(schemas)
  return [...schemas.matchAll(new RegExp(comment + definition, 'gm'))]
    .map(([, above = '', name = '', parameters = '', result = '']) => {
      const [, description, returns, errors] =
        /^(?!Returns|Errors)([^]+?)\n(Returns [^]+?)\nErrors: ([^]+)$/.exec(
          above.replaceAll(/^-- /gm, '').trim(),
        ) ?? []
      if (!description || !returns || !errors)
        throw new Error(`public.${name}: its comment needs a description, "Returns" and "Errors:"`)
      if (result !== 'jsonb') throw new Error(`public.${name} returns ${result}, not jsonb`)
      const granted = callers.get(name)
      if (!granted) throw new Error(`public.${name} is granted to nobody`)
      return {
        name,
        parameters: oneLine(parameters),
        callers: granted,
        description: oneLine(description),
        returns: oneLine(returns),
        errors: oneLine(errors),
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Roles by the name of a function in `public`. */
function readGrants(schemas: string): Map<string, string> {
  const grants = schemas.matchAll(/^grant execute on function\s+([^;]+?)\s+to\s+([\w, ]+);/gm)
  return new Map(
    [...grants].flatMap(([, functions = '', roles = '']) =>
      [...functions.matchAll(/\bpublic\.(\w+)\(/g)].map(([, name = '']): [string, string] => [
        name,
        roles,
      ]),
    ),
  )
}

function section({ name, parameters, callers, description, returns, errors }: ApiFunction): string {
  return [
    `## ${name}`,
    '',
    `\`${name}(${parameters})\`, for \`${callers}\``,
    '',
    description,
    '',
    `- ${returns}`,
    `- Errors: ${errors}`,
  ].join('\n')
}

const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*/g, ' ')

const preface = `<!-- Written by \`npm run schema -- --reference\` from the comments in supabase/schemas. -->

# The database's API

How to call it, shared shapes and error codes: [README.md](README.md#the-api).`
