/** A campaign's name: it becomes part of addresses. */
export const slugPattern = /^[a-z0-9][a-z0-9._-]*$/
