import CFuzzer
import Glibc

/// Runs libFuzzer over one target: `fuzz TARGET [libFuzzer's options and corpus directories]`.
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let target = Target.named(arguments[1]) else {
            print(Target.all.map { $0.name }.joined(separator: "\n"))
            exit(arguments.count > 1 ? 2 : 0)
        }
        unsafe selected = target
        // The driver keeps pointers to the arguments for as long as the process runs.
        let words = [arguments[0]] + arguments.dropFirst(2)
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
            .allocate(capacity: words.count + 1)
        for (place, word) in words.enumerated() { unsafe pointers[place] = strdup(word) }
        unsafe pointers[words.count] = nil
        var count = Int32(words.count)
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe pointers
        exit(
            unsafe LLVMFuzzerRunDriver(&count, &values) { data, size in
                unsafe selected.run(Array(UnsafeBufferPointer(start: data, count: size)))
                return 0
            }
        )
    }
}

/// The target that runs, set once before the driver starts.
nonisolated(unsafe) private var selected = Target(name: "none") { _ in }
