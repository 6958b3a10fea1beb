// Package jsonld turns a JSON-LD document into the RDF dataset that an embedded proof signs,
// and that dataset into its one canonical spelling (RDFC-1.0). It fetches nothing: every
// @context is a text in this package, pinned by its digest, or stands in the document.
//
// What is signed is the dataset, while readers read JSON. Both must say the same, so this
// package takes less than JSON-LD allows and refuses the rest, never passing over anything:
//
//   - A member that no @context gives a meaning is [credential.UnmappedTerm], a null or a
//     relative IRI too: they would not be in the dataset, so nobody would have signed them.
//   - A member is called by its term and never by an IRI or a keyword, and an @context that
//     stands in the document gives no name and no IRI of a pinned one another meaning. Else
//     a holder could rename "credentialStatus" without the signature noticing.
//   - Features by which one dataset has many spellings are [credential.Unsupported]: @graph,
//     @included, @reverse, @nest, @index, @base, @set and @list objects, typed value objects,
//     compact IRIs, blank node labels, arrays in arrays; and @direction in an @context, which
//     implementations read differently.
//
// The law that follows: two documents with one dataset that are both taken differ at most
// in white space, escapes, the order of members and of unordered values, repeated or empty
// values, a set of one written as the value itself, the spelling of a number, the letter
// case of language tags, in the text of an @context that means the same, and in where
// the statements about a node stand that is named in several places.
package jsonld
