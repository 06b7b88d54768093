/// An answer as it arrives, counted byte by byte: no header says how much may follow.
///
/// A class, because libcurl's callbacks know it by its address.
final class ResponseBuffer {
    /// The longest head of an answer, in bytes.
    static let headLimit = 64 << 10

    private let limit: Int
    private let keepsBody: Bool
    private let receiver: (([UInt8]) -> Bool)?
    private var isSuccess = false
    private(set) var body: [UInt8] = []
    private var bodyLength = 0
    private(set) var headers: [(name: String, value: String)] = []
    private var headLength = 0
    /// True if the answer was cut off because it is too long.
    private(set) var isTooLong = false
    /// True if the rest of a body that nobody wants was not read.
    private(set) var isCutOff = false

    init(limit: Int, keepsBody: Bool, receiver: (([UInt8]) -> Bool)?) {
        (self.limit, self.keepsBody, self.receiver) = (limit, keepsBody, receiver)
    }

    /// Takes a part of the body; returns whether more may come.
    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        if isSuccess, let receiver {
            isCutOff = unsafe !receiver(Array(bytes))
            return !isCutOff
        }
        bodyLength += bytes.count
        guard bodyLength <= limit else {
            (isTooLong, isCutOff) = (keepsBody, !keepsBody)
            return false
        }
        if keepsBody { unsafe body.append(contentsOf: bytes) }
        return true
    }

    /// Takes one line of the head; returns whether more may come.
    func take(head bytes: UnsafeRawBufferPointer) -> Bool {
        headLength += bytes.count
        guard headLength <= Self.headLimit else {
            isTooLong = true
            return false
        }
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            headers = []  // of an interim answer or of a proxy
            isSuccess = line.split(separator: " ").dropFirst().first == "200"
            return true
        }
        guard let colon = line.firstIndex(of: ":") else { return true }
        let value = line[line.index(after: colon)...]
        headers.append((line[..<colon].lowercased(), Self.trimmed(value)))
        return true
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.unicodeScalars.first, " \t".unicodeScalars.contains(first) {
            text.unicodeScalars.removeFirst()
        }
        while let last = text.unicodeScalars.last, " \t\r\n".unicodeScalars.contains(last) {
            text.unicodeScalars.removeLast()
        }
        return String(text)
    }
}

/// The body of a PUT, as far as it is not sent yet.
final class Upload {
    private let bytes: [UInt8]
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        rest = bytes[...]
    }

    /// Goes back to a place in the body; returns whether there is one.
    func rewind(to place: Int) -> Bool {
        guard (0...bytes.count).contains(place) else { return false }
        rest = bytes[place...]
        return true
    }

    /// Copies the next bytes into `buffer`; returns how many.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = rest.prefix(buffer.count)
        unsafe buffer.copyBytes(from: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}
