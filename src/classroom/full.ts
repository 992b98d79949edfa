/** What an instructor is told when the class has no room. Also runs in a page. */
export const fullInWords =
  "The class is full, so it can't store anything more from learners. Nothing is lost: it stays on their machines and is sent again. Remove learners who don't belong here, or export the class and open another."
