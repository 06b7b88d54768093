/// What happened in the directories that a `DirectoryWatch` looks at.
package enum DirectoryEvent: Hashable, Sendable {
    /// A file is complete: it was written and closed, or moved in.
    case arrived(directory: String, name: String)
    /// A file was deleted or moved out.
    case removed(directory: String, name: String)
    /// After its going and its coming: they were one renaming, of one path to another.
    case renamed(from: String, to: String)
    /// Owner, mode or another attribute of a file is another.
    case attributesChanged(directory: String, name: String)
    /// So it is with a drop directory, or with one that was to be watched for that.
    case trustChanged
    /// A directory is there now that was not before: list it.
    case appeared(directory: String)
    /// A directory is no longer there: nothing in it holds.
    case gone(directory: String)
    /// The one file that is watched by itself is there anew, or gone.
    case fileChanged
    /// Events were lost: list every directory.
    case overflowed
}
