package import SystemPackage

/// The groups of this host, as group(5) lists them.
///
/// Reads the file alone, not the name services: the agent runs before the network is up, and
/// sysusers.d(5) writes the control group to the file.
package enum GroupFile {
    /// The id of the group `name`, or `nil` if there is none.
    package static func id(
        of name: String,
        in path: String = "/etc/group"
    ) throws(Errno) -> UInt32? {
        do throws(Errno) {
            return id(of: name, listedIn: try SmallFile.read(path, limit: 16 << 20))
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Finds an account in lines of NAME:PASSWORD:ID:MEMBERS; the first line of that name counts.
    static func id(of name: String, listedIn bytes: [UInt8]) -> UInt32? {
        field(2, of: name, listedIn: bytes).flatMap { UInt32($0) }
    }

    /// Finds a field of an account; the first line of that name with so many fields counts.
    fileprivate static func field(
        _ index: Int,
        of name: String,
        listedIn bytes: [UInt8]
    ) -> String? {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard fields.count > index, fields[0].elementsEqual(name.utf8) else { continue }
            return String(decoding: fields[index], as: UTF8.self)
        }
        return nil
    }
}

/// The users of this host, as passwd(5) lists them: of the file alone, for the same reason.
package enum UserFile {
    /// The id of the user `name`, or `nil` if there is none.
    package static func id(
        of name: String,
        in path: String = "/etc/passwd"
    ) throws(Errno) -> UInt32? {
        try GroupFile.id(of: name, in: path)
    }

    /// The home directory of the user `name`, or `nil` if none is listed.
    package static func home(of name: String, in path: String = "/etc/passwd") -> String? {
        guard let bytes = try? SmallFile.read(path, limit: 16 << 20) else { return nil }
        return GroupFile.field(5, of: name, listedIn: bytes)
    }
}
