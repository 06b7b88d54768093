/// Text as a terminal may show it.
package enum TerminalText {
    /// A stranger's text with everything escaped that a terminal would act on.
    package static func safe(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar.isUnsafeToShow {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

extension Unicode.Scalar {
    /// True if a terminal or web page may act on the character instead of showing it: control
    /// characters, Unicode format characters (bidi, joiners, tags) and line breaks.
    package var isUnsafeToShow: Bool {
        guard !isASCII else { return value < 0x20 || value == 0x7F }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
