/** The five accounts of the demo city. Their password is known to everyone. */
export const demoAccounts = [
  { email: 'admin@wangge.demo', role: 'admin' },
  { email: 'leader@wangge.demo', role: 'leader' },
  { email: 'manager@wangge.demo', role: 'grid_manager' },
  { email: 'field@wangge.demo', role: 'field_staff' },
  { email: 'handler@wangge.demo', role: 'handler' },
]
export const demoPassword = 'wangge-demo'

/** True for an account whose password is public. */
export function isDemoEmail(email: string): boolean {
  return email.trim().toLowerCase().endsWith('@wangge.demo')
}
