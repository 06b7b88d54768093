/// Byte strings as C wants them: an array of pointers, of which some may be null.
struct PointerTable {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private(set) var lengths: [CInt] = []

    /// Each string gets a NUL after its end.
    init(_ strings: [[UInt8]?]) {
        for string in strings {
            offsets.append(string.map { _ in bytes.count })
            lengths.append(CInt(clamping: string?.count ?? 0))
            if let string { bytes += string + [0] }
        }
    }

    /// Lends the pointers to `body`.
    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.assumingMemoryBound(to: CChar.self).baseAddress
            var pointers = unsafe offsets.map { offset in
                unsafe offset.flatMap { offset in unsafe start.map { unsafe $0 + offset } }
            }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
        }
    }
}
