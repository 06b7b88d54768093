import Glibc

/// The environment of this process; must be read before there are threads that change it.
package enum ProcessEnvironment {
    package static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var cursor = unsafe environ
        while let entry = unsafe cursor.pointee {
            let words = unsafe String(cString: entry).split(separator: "=", maxSplits: 1)
            if words.count == 2 { variables[String(words[0])] = String(words[1]) }
            unsafe cursor += 1
        }
        return variables
    }
}
