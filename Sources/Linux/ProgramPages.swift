import CLinux

/// The pages of the program that are mapped into this process, and of what it has freed.
package enum ProgramPages {
    /// Lets go of what only the start, or other work on much, needed; the kernel maps again what is used.
    ///
    /// A start touches nearly all of the program once: its relocations, its types, its parsers. And it
    /// takes memory to read the log that nothing needs afterwards.
    package static func release() {
        clinux_release_program_pages()
    }
}
