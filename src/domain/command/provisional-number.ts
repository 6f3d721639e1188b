/**
 * Names an incident before the server has given it a case number: six digits of its id.
 * The search finds it by them later too (`incident_search`).
 */
export const provisionalNumber = (incidentId: string): string =>
  `P-${incidentId.slice(0, 6).toUpperCase()}`
