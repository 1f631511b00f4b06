import type { RenderLayout } from './campaign/layout.ts'

declare global {
  namespace App {
    interface Locals {
      /** Renders mail layouts that are Astro components; on the pages of the preview. */
      renderMailLayout?: RenderLayout
    }
  }
}
