import Glibc

/// What a watched directory is looked at for.
struct DirectoryInterest {
    let path: String
    var isDropDirectory = false
    /// Names whose coming means that a missing directory may be there now.
    var awaited: Set<String> = []
    /// Names whose coming means that another directory may have a name that led to a link.
    var replaced: Set<String> = []
    /// Nothing in it counts until its attributes change.
    var isDistrusted = false
    /// Directories that go with it.
    var below: Set<String> = []
    /// The name of the one file that is watched by itself.
    var file: String?
}

/// The events that a directory is watched for (inotify(7)).
enum WatchedEvents {
    static let arrived = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
    static let removed = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
    static let gone = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT)
    /// All that is to be known of a directory that only leads to another.
    static let coming = gone | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
    static let all = arrived | removed | gone | UInt32(IN_CREATE) | UInt32(IN_ATTRIB)
}

extension InotifyRecord {
    /// What happened to one grant file.
    func news(of file: CreatedFile) -> [DirectoryEvent] {
        let (directory, name) = (file.directory, file.name)
        if mask & WatchedEvents.arrived != 0 { return [.arrived(directory: directory, name: name)] }
        if mask & WatchedEvents.removed != 0 { return [.removed(directory: directory, name: name)] }
        guard mask & UInt32(IN_ATTRIB) != 0 else { return [] }
        return [.attributesChanged(directory: directory, name: name)]
    }
}
