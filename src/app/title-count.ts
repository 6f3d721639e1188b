import { ref } from 'vue'

/** Shown before the tab's title; 0 for nothing. The shell sets it. */
export const titleCount = ref(0)
