export function fields<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Pick<T, K> {
  const picked = {} as Pick<T, K>
  for (const name of names) if (name in from) picked[name] = from[name]
  return picked
}
