/** Sets of answered incidents that a worker keeps: the page's own and those looked at before. */
export const maxAnswered = 4
