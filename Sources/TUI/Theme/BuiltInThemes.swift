// The themes that are there even if no file is. A test holds them equal to their files in `themes/`.
extension Theme {
    /// The default: ice on a dark ground.
    static let midnight = Theme(name: "midnight", styles: styles(of: midnightRole))

    /// Attributes only; stands in for every theme of colours where there is no colour.
    static let monochrome = Theme(name: "mono", styles: styles(of: monochromeRole))

    private static func styles(of style: (ThemeRole) -> RoleStyle) -> [ThemeRole: RoleStyle] {
        Dictionary(uniqueKeysWithValues: ThemeRole.allCases.map { ($0, style($0)) })
    }

    private static func midnightRole(_ role: ThemeRole) -> RoleStyle {
        let (night, well, panel, line): (UInt32, UInt32, UInt32, UInt32) = (0x121212, 0x080808, 0x262626, 0x4E4E4E)
        let (slate, mist, snow, white): (UInt32, UInt32, UInt32, UInt32) = (0x8A8A8A, 0xB2B2B2, 0xDADADA, 0xFFFFFF)
        let (ice, deep, mint, gold): (UInt32, UInt32, UInt32, UInt32) = (0x87D7FF, 0x005F87, 0x87D7AF, 0xFFD787)
        let (coral, violet, rose): (UInt32, UInt32, UInt32) = (0xFF8787, 0xAFAFFF, 0xFFAFD7)
        func style(_ foreground: UInt32, on background: UInt32 = night, bold: Bool = false) -> RoleStyle {
            RoleStyle(foreground: foreground, background: background, isBold: bold)
        }
        return switch role {
        case .text, .value, .overlay: style(snow)
        case .muted, .label, .footer: style(slate)
        case .title, .status: style(mist)
        case .titleFocused, .overlayTitle: style(ice, bold: true)
        case .border, .progress, .axis: style(line)
        case .borderFocused, .info, .progressDone, .lossTotal: style(ice)
        case .selection: style(white, on: deep, bold: true)
        case .selectionUnfocused: style(snow, on: panel)
        case .key: style(violet, bold: true)
        case .valueChanged, .statusPaused, .progressMark: style(gold, bold: true)
        case .ok, .loss2: style(mint)
        case .warning, .loss3: style(gold)
        case .error, .statusFailed: style(coral, bold: true)
        case .statusRunning: style(mint, bold: true)
        case .input: style(white, on: panel)
        case .inputCursor: style(night, on: ice)
        case .loss1: style(violet)
        case .loss4: style(rose)
        case .pictureBackground: style(slate, on: well)
        }
    }

    private static func monochromeRole(_ role: ThemeRole) -> RoleStyle {
        switch role {
        case .text, .muted, .title, .border, .label, .ok, .info, .status, .footer, .overlay, .progress, .axis:
            RoleStyle()
        case .loss1, .loss2, .loss3, .loss4, .pictureBackground: RoleStyle()
        case .borderFocused, .key, .value, .warning, .statusRunning, .overlayTitle: RoleStyle(isBold: true)
        case .progressDone, .progressMark, .lossTotal: RoleStyle(isBold: true)
        case .titleFocused, .error, .statusFailed: RoleStyle(isBold: true, isReversed: true)
        case .selection, .inputCursor: RoleStyle(isReversed: true)
        case .selectionUnfocused, .input: RoleStyle(isUnderlined: true)
        case .valueChanged, .statusPaused: RoleStyle(isBold: true, isUnderlined: true)
        }
    }
}
