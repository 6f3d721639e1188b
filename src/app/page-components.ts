import type { Component } from 'vue'
import type { PageName } from '@/domain/pages.ts'

/** The bundler needs literal imports. */
export const pageComponents: Record<PageName, () => Promise<Component>> = {
  'sign-in': () => import('@/features/sign-in/SignInPage.vue'),
  public: () => import('@/features/public/PublicPage.vue'),
  home: () => import('@/features/home/HomePage.vue'),
  'my-day': () => import('@/features/my-day/MyDayPage.vue'),
  work: () => import('@/features/work/WorkPage.vue'),
  'dispatch-rules': () => import('@/features/dispatch-rules/RulesPage.vue'),
  standard: () => import('@/features/standard/StandardPage.vue'),
  categories: () => import('@/features/standard/CategoriesPage.vue'),
  callbacks: () => import('@/features/callbacks/CallbacksPage.vue'),
  capture: () => import('@/features/capture/CapturePage.vue'),
  map: () => import('@/features/map-page/MapPage.vue'),
  table: () => import('@/features/map-page/TablePage.vue'),
  overview: () => import('@/features/overview/OverviewPage.vue'),
  satisfaction: () => import('@/features/satisfaction/SatisfactionPage.vue'),
  report: () => import('@/features/report/ReportPage.vue'),
  evaluations: () => import('@/features/evaluations/EvaluationsPage.vue'),
  surveys: () => import('@/features/surveys/SurveysPage.vue'),
  import: () => import('@/features/import/ImportPage.vue'),
  city: () => import('@/features/city/CityPage.vue'),
  wall: () => import('@/features/wall/WallPage.vue'),
  arrange: () => import('@/features/wall/WallPlanPage.vue'),
  incident: () => import('@/features/incident/IncidentPage.vue'),
  outbox: () => import('@/features/outbox/OutboxPage.vue'),
  publish: () => import('@/features/public/PublishPage.vue'),
  account: () => import('@/features/account/AccountPage.vue'),
  help: () => import('@/features/help/HelpPage.vue'),
}
