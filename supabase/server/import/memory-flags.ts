/**
 * Flags of Node for an import, as `npm run import` has them: a small young space, and a heap that grows by less
 * before it is collected. Rows only pass through.
 */
export const memoryFlags = ['--max-semi-space-size=2', '--memory-saver-mode']
