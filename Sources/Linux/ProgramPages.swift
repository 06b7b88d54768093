import CLinux

/// The pages of the program that are mapped into this process.
package enum ProgramPages {
    /// Lets go of what only the start needed; the kernel maps again what is used.
    ///
    /// A start touches nearly all of the program once: its relocations, its types, its parsers.
    package static func release() {
        clinux_release_program_pages()
    }
}
