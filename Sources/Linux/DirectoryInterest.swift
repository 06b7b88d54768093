import Glibc

/// The reasons for the watch of a directory.
struct DirectoryInterest {
    let path: String
    var isDropDirectory = false
    /// Names whose creation means that a missing directory may have appeared.
    var awaited: Set<String> = []
    /// Names whose creation means that another directory may have replaced a symbolic link.
    var replaced: Set<String> = []
    /// True if nothing in it counts until its attributes change.
    var isDistrusted = false
    /// The directories below, which move or vanish with it.
    var below: Set<String> = []
    /// The names of the individually watched files.
    var files: Set<String> = []
}

/// The events that a directory is watched for (inotify(7)).
enum WatchedEvents {
    static let arrived = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
    static let removed = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
    static let gone = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT)
    /// The events of a directory that is only watched as the parent of another.
    static let coming = gone | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
    static let all = arrived | removed | gone | UInt32(IN_CREATE) | UInt32(IN_ATTRIB)
}

extension InotifyRecord {
    /// The events of one grant file.
    func news(of file: CreatedFile) -> [DirectoryEvent] {
        let (directory, name) = (file.directory, file.name)
        if mask & WatchedEvents.arrived != 0 { return [.arrived(directory: directory, name: name)] }
        if mask & WatchedEvents.removed != 0 { return [.removed(directory: directory, name: name)] }
        guard mask & UInt32(IN_ATTRIB) != 0 else { return [] }
        return [.attributesChanged(directory: directory, name: name)]
    }
}
