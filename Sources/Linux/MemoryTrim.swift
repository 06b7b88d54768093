import CLinux

/// The mapped pages of the program and of freed memory in this process.
package enum MemoryTrim {
    /// Releases the pages that only the start or other heavy work needed; the kernel maps them
    /// again on use.
    ///
    /// The start touches nearly all of the program once: its relocations, its types, its parsers.
    /// And reading the log takes memory that nothing needs afterwards.
    package static func release() {
        clinux_release_program_pages()
    }
}
