import { ref } from 'vue'

/** Shown before the tab's title; 0 for nothing, as in quiet hours. The shell sets it. */
export const titleCount = ref(0)
