// Package baking puts a credential into a picture and reads it out again, as Open Badges
// 3.0 §5.3 has it: PNG in a text chunk, SVG in an element. A picture is never drawn here;
// one that carries more than one credential is refused, since two readers could pick two.
package baking
