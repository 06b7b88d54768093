/// An event in a directory that a `DirectoryWatch` watches.
package enum DirectoryEvent: Hashable, Sendable {
    /// A file is complete: it was written and closed, or moved in.
    case arrived(directory: String, name: String)
    /// A file was deleted or moved out.
    case removed(directory: String, name: String)
    /// Follows the removal and the arrival that were one rename.
    case renamed(from: String, to: String)
    /// The owner, mode or another attribute of a file changed.
    case attributesChanged(directory: String, name: String)
    /// The trust in a drop directory, or in one that `awaitTrust` names, may have changed.
    case trustChanged
    /// A directory has appeared: list it.
    case appeared(directory: String)
    /// A directory is gone: nothing in it holds.
    case gone(directory: String)
    /// An individually watched file was replaced or removed.
    case fileChanged
    /// Events were lost: list every directory.
    case overflowed
}
